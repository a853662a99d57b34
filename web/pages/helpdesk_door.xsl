<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- The helpdesk on the port that asks for a certificate: coming in, what stands in the way, renewing one's own. -->

    <xsl:template match="desk-door" mode="title"><m:t k="door.{@verdict}.title"/></xsl:template>
    <xsl:template match="desk-door" mode="main">
        <xsl:variable name="works" select="@verdict = 'works'"/>
        <xsl:if test="@out"><div class="notice" role="status"><xsl:call-template name="icon-done"/><p><m:t k="door.out"/></p></div></xsl:if>
        <div data-verdict="{@verdict}">
            <xsl:attribute name="class">verdict <xsl:choose><xsl:when test="$works">good</xsl:when><xsl:otherwise>bad</xsl:otherwise></xsl:choose></xsl:attribute>
            <svg viewBox="0 0 64 64" width="64" height="64" aria-hidden="true">
                <xsl:choose>
                    <xsl:when test="$works"><circle cx="32" cy="32" r="29" class="fill"/><path d="m20 33 9 9 16-18" class="cut"/></xsl:when>
                    <xsl:when test="@verdict = 'none'"><circle cx="32" cy="32" r="28" class="ring"/><path d="M25 25a7.5 7.5 0 1 1 10 8c-2 1-3 2-3 5M32 46v.1" class="stroke"/></xsl:when>
                    <xsl:otherwise><path d="M20 4h24l16 16v24L44 60H20L4 44V20z" class="fill"/><path d="m22 22 20 20m0-20L22 42" class="cut"/></xsl:otherwise>
                </xsl:choose>
            </svg>
            <h1><m:t k="door.{@verdict}.title"/></h1>
        </div>
        <p class="lead"><m:t k="door.{@verdict}.text"/></p>
        <xsl:if test="$works">
            <dl class="facts card">
                <div><dt><m:t k="fact.name"/></dt><dd class="big"><xsl:for-each select="officer"><xsl:call-template name="desk-name"/></xsl:for-each></dd></div>
                <div><dt><m:t k="desk.institution"/></dt><dd><xsl:value-of select="i:name(officer/institution)"/></dd></div>
                <div><dt><m:t k="officers.role"/></dt><dd><m:t k="officers.role.{officer/@role}"/><span class="sub"><m:t k="officers.role.may.{officer/@role}"/></span></dd></div>
                <div><dt><m:t k="fact.not-after"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="certificate/@not-after"/></xsl:call-template></dd></div>
            </dl>
            <form method="post" action="/helpdesk/login">
                <xsl:call-template name="csrf"/>
                <xsl:if test="@return"><input type="hidden" name="return" value="{@return}"/></xsl:if>
                <p class="actions"><button type="submit" class="main"><m:t k="door.do"/></button></p>
            </form>
            <p class="hint"><m:t k="door.audit"/></p>
        </xsl:if>
        <xsl:if test="not($works)">
            <xsl:if test="certificate">
                <section aria-labelledby="presented">
                    <h2 id="presented"><m:t k="door.presented"/></h2>
                    <dl class="facts card">
                        <div><dt><m:t k="check.whose"/></dt><dd id="whose"><xsl:value-of select="certificate/@cn"/></dd></div>
                        <div><dt><m:t k="fact.issuer"/></dt><dd id="issuer" class="mono"><xsl:value-of select="certificate/@issuer"/></dd></div>
                        <div><dt><m:t k="fact.serial"/></dt><dd id="serial" class="mono break"><xsl:value-of select="certificate/@serial"/></dd></div>
                        <xsl:if test="certificate/@not-after"><div><dt><m:t k="fact.not-after"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="certificate/@not-after"/></xsl:call-template></dd></div></xsl:if>
                        <xsl:if test="certificate/@revoked-at"><div><dt><m:t k="check.revoked-at"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="certificate/@revoked-at"/></xsl:call-template><xsl:if test="certificate/@reason"><span class="sub"><m:t k="revoke.reason.{certificate/@reason}"/></span></xsl:if></dd></div></xsl:if>
                        <xsl:if test="certificate/@failure"><div><dt><m:t k="door.failure"/></dt><dd class="mono"><xsl:value-of select="certificate/@failure"/></dd></div></xsl:if>
                    </dl>
                </section>
            </xsl:if>
            <section aria-labelledby="mend">
                <h2 id="mend"><m:t k="check.mend"/></h2>
                <ol class="plain-steps">
                    <li><m:t k="door.{@verdict}.step"/></li>
                    <xsl:if test="@verdict != 'none'"><li><m:t k="door.step.choose"/></li></xsl:if>
                    <li><m:t k="door.step.operator"/></li>
                </ol>
            </section>
            <p class="actions"><a class="button main" href="/helpdesk"><m:t k="check.again"/></a><a class="button" href="{$portal}/helpdesk"><m:t k="door.login"/></a></p>
        </xsl:if>
        <p class="hint"><m:t k="check.browser"/></p>
    </xsl:template>

    <!-- One's own certificate -->
    <xsl:template match="desk-renew" mode="title"><m:t k="own.title"/></xsl:template>
    <xsl:template match="desk-renew" mode="main">
        <xsl:call-template name="shapes"/>
        <xsl:call-template name="desk-back"/>
        <h1><m:t k="own.title"/></h1>
        <section class="card now" aria-labelledby="standing">
            <h2 id="standing"><xsl:for-each select="request"><xsl:call-template name="state"/></xsl:for-each></h2>
            <xsl:choose>
                <xsl:when test="@form-key">
                    <p><m:t k="own.renew.text"/></p>
                    <form method="post" action="/helpdesk/renew">
                        <xsl:call-template name="csrf"/>
                        <xsl:call-template name="form-key"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
                        <button type="submit" class="main"><m:t k="own.renew.do"/></button>
                    </form>
                </xsl:when>
                <xsl:when test="request/@state = 'collected'"><p><m:t k="own.renew.from"><m:with name="day"><xsl:call-template name="day"><xsl:with-param name="at" select="@from"/></xsl:call-template></m:with></m:t></p></xsl:when>
                <xsl:when test="request/@state = 'renewing'"><p><m:t k="own.making"/></p><p class="actions"><a class="button" href="/helpdesk/renew"><m:t k="officers.look-again"/></a></p></xsl:when>
                <xsl:when test="group">
                    <p><m:t k="own.collect" mail="request/@mail"/></p>
                    <p class="sheet-pin" id="pin"><xsl:for-each select="group"><span><xsl:for-each select="sign"><xsl:value-of select="@text"/></xsl:for-each></span><xsl:if test="position() != last()"><xsl:text> </xsl:text></xsl:if></xsl:for-each></p>
                    <p><strong><m:t k="own.once"/></strong></p>
                    <xsl:if test="pickup/@until"><p class="hint"><m:t k="now.until"><m:with name="until"><xsl:call-template name="moment"><xsl:with-param name="at" select="pickup/@until"/></xsl:call-template></m:with></m:t></p></xsl:if>
                    <p class="hint"><m:t k="own.lost"><m:with name="link"><a href="/helpdesk/requests/{request/@number}"><m:t k="number" number="request/@number"/></a></m:with></m:t></p>
                </xsl:when>
                <xsl:otherwise><p><m:t k="own.other"><m:with name="link"><a href="/helpdesk/requests/{request/@number}"><m:t k="number" number="request/@number"/></a></m:with></m:t></p></xsl:otherwise>
            </xsl:choose>
        </section>
        <xsl:if test="certificate">
            <dl class="facts card">
                <div><dt><m:t k="fact.subject"/></dt><dd class="mono"><xsl:value-of select="certificate/@subject"/></dd></div>
                <div><dt><m:t k="fact.serial"/></dt><dd><code class="break"><xsl:value-of select="certificate/@serial"/></code></dd></div>
                <div><dt><m:t k="fact.not-after"/></dt><dd id="not-after"><xsl:call-template name="moment"><xsl:with-param name="at" select="certificate/@not-after"/></xsl:call-template></dd></div>
            </dl>
        </xsl:if>
    </xsl:template>

    <xsl:template match="desk-renew-confirm" mode="title"><m:t k="own.confirm.title"/></xsl:template>
    <xsl:template match="desk-renew-confirm" mode="main">
        <xsl:call-template name="back"><xsl:with-param name="href">/helpdesk/renew</xsl:with-param><xsl:with-param name="words"><m:t k="own.title"/></xsl:with-param></xsl:call-template>
        <h1><m:t k="own.confirm.title"/></h1>
        <ul>
            <li><m:t k="own.confirm.mail" mail="request/@mail"/></li>
            <li><m:t k="own.confirm.pin"/></li>
            <li><m:t k="own.confirm.old"><m:with name="day"><xsl:call-template name="day"><xsl:with-param name="at" select="certificate/@not-after"/></xsl:call-template></m:with></m:t></li>
        </ul>
        <form method="post" action="/helpdesk/renew">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <p class="actions"><button type="submit" class="main"><m:t k="own.renew.do"/></button><a class="button plain" href="/helpdesk/renew"><m:t k="cancel"/></a></p>
        </form>
    </xsl:template>
</xsl:stylesheet>
