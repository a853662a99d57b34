<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- The pages that ask before an act is done. Each has one form and no other (the frame knows their names). -->

    <xsl:template name="confirmed">
        <xsl:param name="key"/>
        <xsl:call-template name="csrf"/>
        <xsl:call-template name="form-key"><xsl:with-param name="key" select="$key"/></xsl:call-template>
        <input type="hidden" name="confirm" value="1"/>
    </xsl:template>

    <xsl:template name="which">
        <p class="which-one">
            <strong><m:t k="number" number="request/@number"/></strong>
            <xsl:text> </xsl:text>
            <xsl:for-each select="request"><xsl:call-template name="what"/></xsl:for-each>
            <xsl:if test="request/@memo != ''"><span class="memo"><xsl:value-of select="request/@memo"/></span></xsl:if>
        </p>
    </xsl:template>

    <!-- Apply -->
    <xsl:template match="apply-confirm" mode="title"><m:t k="apply.title"/></xsl:template>
    <xsl:template match="apply-confirm" mode="main"><xsl:apply-templates select="order"/></xsl:template>

    <xsl:template match="order">
        <xsl:call-template name="back"/>
        <h1><m:t k="apply.title"/></h1>
        <p class="lead"><m:t k="apply.lead"/></p>
        <form method="post" action="/certificates">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <input type="hidden" name="type" value="{@type}"/>
            <input type="hidden" name="months" value="{@months}"/>
            <input type="hidden" name="memo" value="{@memo}"/>
            <xsl:if test="@unit"><input type="hidden" name="unit" value="{@unit}"/></xsl:if>
            <dl class="facts card">
                <div><dt><m:t k="fact.type"/></dt><dd><m:t k="type.{@type}"/></dd></div>
                <div><dt><m:t k="fact.name"/></dt><dd><xsl:value-of select="@common-name"/></dd></div>
                <xsl:if test="not(mail[2])">
                    <div>
                        <dt><m:t k="apply.mail.{@type}"/></dt>
                        <dd><xsl:value-of select="mail"/><input type="hidden" name="mail" value="{mail}"/></dd>
                    </div>
                </xsl:if>
                <div><dt><m:t k="fact.months"/></dt><dd><m:t k="months" months="@months"/></dd></div>
                <div>
                    <dt><m:t k="fact.last-day"/></dt>
                    <dd><xsl:call-template name="moment"><xsl:with-param name="at" select="@not-after"/></xsl:call-template></dd>
                </div>
                <xsl:if test="@memo != ''"><div><dt><m:t k="fact.memo"/></dt><dd><xsl:value-of select="@memo"/></dd></div></xsl:if>
                <xsl:if test="@unit"><div><dt><m:t k="offer.unit"/></dt><dd><xsl:value-of select="@unit"/></dd></div></xsl:if>
                <div><dt><m:t k="fact.subject"/></dt><dd class="mono"><xsl:value-of select="@subject"/></dd></div>
            </dl>
            <xsl:if test="mail[2]">
                <fieldset>
                    <legend><m:t k="apply.choose-mail.{@type}"/></legend>
                    <xsl:for-each select="mail">
                        <label class="choice">
                            <input type="radio" name="mail" value="{.}">
                                <xsl:if test="@chosen"><xsl:attribute name="checked">checked</xsl:attribute></xsl:if>
                            </input>
                            <span><xsl:value-of select="."/></span>
                        </label>
                    </xsl:for-each>
                </fieldset>
            </xsl:if>
            <h2><m:t k="apply.next"/></h2>
            <ol class="plain-steps">
                <li><m:t k="apply.next.1"/></li>
                <li><m:t k="apply.next.2"/></li>
                <li><m:t k="apply.next.3"/></li>
            </ol>
            <xsl:if test="@type = 'smime'"><p class="hint"><m:t k="apply.smime"/></p></xsl:if>
            <p class="actions">
                <button type="submit" class="main"><m:t k="apply.do"/></button>
                <a class="button plain" href="/certificates"><m:t k="cancel"/></a>
            </p>
        </form>
    </xsl:template>

    <!-- Renew -->
    <xsl:template match="renew-confirm" mode="title"><m:t k="renew.title" number="request/@number"/></xsl:template>
    <xsl:template match="renew-confirm" mode="main">
        <xsl:call-template name="back-to-request"/>
        <h1><m:t k="renew.title" number="request/@number"/></h1>
        <xsl:call-template name="which"/>
        <div class="then-now card">
            <div>
                <p class="label"><m:t k="renew.old"/></p>
                <p class="big"><xsl:call-template name="day"><xsl:with-param name="at" select="certificate/@not-after"/></xsl:call-template></p>
            </div>
            <svg viewBox="0 0 40 20" width="40" height="20" aria-hidden="true"><path d="M2 10h34M28 3l8 7-8 7" class="stroke"/></svg>
            <div>
                <p class="label"><m:t k="renew.new"/></p>
                <p class="big"><xsl:call-template name="day"><xsl:with-param name="at" select="renewal/@not-after"/></xsl:call-template></p>
            </div>
        </div>
        <ul>
            <li><m:t k="renew.from-today"/></li>
            <xsl:if test="renewal/@name"><li><m:t k="renew.renamed" name="renewal/@name" was="renewal/@was"/></li></xsl:if>
            <li>
                <xsl:choose>
                    <xsl:when test="renewal/@grace-days"><m:t k="renew.grace" days="renewal/@grace-days"/></xsl:when>
                    <xsl:otherwise>
                        <m:t k="renew.runs-out"><m:with name="day"><xsl:call-template name="day"><xsl:with-param name="at" select="certificate/@not-after"/></xsl:call-template></m:with></m:t>
                    </xsl:otherwise>
                </xsl:choose>
            </li>
            <li><m:t k="renew.pickup" mail="request/@mail"/></li>
            <xsl:if test="request/@type = 'smime'"><li><m:t k="renew.smime"/></li></xsl:if>
        </ul>
        <form method="post" action="/certificates/{request/@number}/renew">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="request/@form-key"/></xsl:call-template>
            <p class="actions">
                <button type="submit" class="main"><m:t k="renew.do"/></button>
                <a class="button plain" href="/certificates/{request/@number}"><m:t k="cancel"/></a>
            </p>
        </form>
    </xsl:template>

    <!-- Revoke -->
    <xsl:template match="revoke-confirm" mode="title"><m:t k="revoke.title" number="request/@number"/></xsl:template>
    <xsl:template match="revoke-confirm" mode="main">
        <xsl:variable name="serial" select="certificate/@serial"/>
        <xsl:call-template name="back-to-request"/>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="revoke.title" number="request/@number"/></h1>
        <div class="card">
            <xsl:call-template name="which"/>
            <p class="hint">
                <m:t k="revoke.serial" last="substring($serial, string-length($serial) - 3)"/>
                <xsl:text> · </xsl:text>
                <m:t k="revoke.until"><m:with name="day"><xsl:call-template name="day"><xsl:with-param name="at" select="certificate/@not-after"/></xsl:call-template></m:with></m:t>
            </p>
        </div>
        <div class="warning">
            <xsl:call-template name="icon-warn"/>
            <div>
                <p><strong><m:t k="revoke.final"/></strong></p>
                <ul>
                    <li><m:t k="revoke.stops.{request/@type}"/></li>
                    <li><m:t k="revoke.all"/></li>
                    <xsl:if test="request/@type = 'smime'"><li><m:t k="revoke.keep-file"/></li></xsl:if>
                </ul>
            </div>
        </div>
        <form method="post" action="/certificates/{request/@number}/revoke">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="request/@form-key"/></xsl:call-template>
            <fieldset id="reason">
                <xsl:if test="problem"><xsl:attribute name="class">wrong</xsl:attribute><xsl:attribute name="aria-describedby">reason-problem</xsl:attribute></xsl:if>
                <legend><m:t k="revoke.reason"/></legend>
                <xsl:apply-templates select="problem" mode="beside"/>
                <xsl:call-template name="reason"><xsl:with-param name="reason">keyCompromise</xsl:with-param></xsl:call-template>
                <xsl:call-template name="reason"><xsl:with-param name="reason">superseded</xsl:with-param></xsl:call-template>
                <xsl:call-template name="reason"><xsl:with-param name="reason">cessationOfOperation</xsl:with-param></xsl:call-template>
                <xsl:call-template name="reason"><xsl:with-param name="reason">affiliationChanged</xsl:with-param></xsl:call-template>
                <xsl:call-template name="reason"><xsl:with-param name="reason">unspecified</xsl:with-param></xsl:call-template>
            </fieldset>
            <p class="actions">
                <button type="submit" class="danger"><m:t k="revoke.do"/></button>
                <a class="button plain" href="/certificates/{request/@number}"><m:t k="revoke.keep"/></a>
            </p>
        </form>
    </xsl:template>

    <xsl:template name="reason">
        <xsl:param name="reason"/>
        <label class="choice">
            <input type="radio" name="reason" value="{$reason}" required="required">
                <xsl:if test="@reason = $reason"><xsl:attribute name="checked">checked</xsl:attribute></xsl:if>
            </input>
            <span><m:t k="revoke.reason.{$reason}"/><small><m:t k="revoke.hint.{$reason}"/></small></span>
        </label>
    </xsl:template>

    <!-- A lost device -->
    <xsl:template match="lost-confirm" mode="title"><m:t k="lost.title" memo="@memo"/></xsl:template>
    <xsl:template match="lost-confirm" mode="main">
        <p class="back"><a href="/certificates/{@number}"><m:t k="back.request" number="@number"/></a></p>
        <h1><m:t k="lost.title" memo="@memo"/></h1>
        <p class="lead"><m:t k="lost.many" n="@many"/></p>
        <ul class="desk-lines card">
            <xsl:for-each select="row">
                <li data-request="{@number}">
                    <strong><m:t k="number" number="@number"/></strong><xsl:text> </xsl:text>
                    <xsl:call-template name="what"/>
                    <xsl:if test="@serial"><span class="sub"><m:t k="revoke.serial" last="substring(@serial, string-length(@serial) - 3)"/></span></xsl:if>
                </li>
            </xsl:for-each>
        </ul>
        <div class="warning">
            <xsl:call-template name="icon-warn"/>
            <div>
                <p><strong><m:t k="revoke.final"/></strong></p>
                <ul>
                    <xsl:if test="row[@type = 'client']"><li><m:t k="revoke.stops.client"/></li></xsl:if>
                    <xsl:if test="row[@type = 'smime']"><li><m:t k="revoke.stops.smime"/></li><li><m:t k="revoke.keep-file"/></li></xsl:if>
                    <xsl:if test="row[not(@serial)]"><li><m:t k="lost.waiting"/></li></xsl:if>
                </ul>
            </div>
        </div>
        <form method="post" action="/certificates/{@number}/lost">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <p class="actions">
                <button type="submit" class="danger"><m:t k="lost.do"/></button>
                <a class="button plain" href="/certificates/{@number}"><m:t k="cancel"/></a>
            </p>
        </form>
    </xsl:template>

    <!-- Withdraw -->
    <xsl:template match="withdraw-confirm" mode="title"><xsl:call-template name="withdraw-title"/></xsl:template>
    <xsl:template name="withdraw-title">
        <xsl:choose>
            <xsl:when test="certificate"><m:t k="withdraw.title.renewal" number="request/@number"/></xsl:when>
            <xsl:otherwise><m:t k="withdraw.title" number="request/@number"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>
    <xsl:template match="withdraw-confirm" mode="main">
        <xsl:call-template name="back-to-request"/>
        <h1><xsl:call-template name="withdraw-title"/></h1>
        <xsl:call-template name="which"/>
        <ul>
            <li><m:t k="withdraw.link"/></li>
            <xsl:choose>
                <xsl:when test="certificate">
                    <li><m:t k="withdraw.stays"><m:with name="day"><xsl:call-template name="day"><xsl:with-param name="at" select="certificate/@not-after"/></xsl:call-template></m:with></m:t></li>
                </xsl:when>
                <xsl:otherwise><li><m:t k="withdraw.again"/></li></xsl:otherwise>
            </xsl:choose>
        </ul>
        <form method="post" action="/certificates/{request/@number}/withdraw">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="request/@form-key"/></xsl:call-template>
            <p class="actions">
                <button type="submit" class="danger">
                    <xsl:choose>
                        <xsl:when test="certificate"><m:t k="withdraw.do.renewal"/></xsl:when>
                        <xsl:otherwise><m:t k="withdraw.do"/></xsl:otherwise>
                    </xsl:choose>
                </button>
                <a class="button plain" href="/certificates/{request/@number}"><m:t k="cancel"/></a>
            </p>
        </form>
    </xsl:template>

    <!-- An act that policy or the state of things refuses. -->
    <xsl:template match="refused" mode="title"><m:t k="refused.{@rule}.title"/></xsl:template>
    <xsl:template match="refused" mode="main">
        <xsl:call-template name="back"><xsl:with-param name="href" select="@back"/><xsl:with-param name="words"><m:t k="back"/></xsl:with-param></xsl:call-template>
        <h1><m:t k="refused.{@rule}.title"/></h1>
        <p class="lead">
            <m:t k="refused.{@rule}.text" limit="@limit" mail="@mail" months="@months">
                <m:with name="type"><xsl:if test="@type != ''"><xsl:value-of select="i:message('type.', @type)"/></xsl:if></m:with>
                <m:with name="institution"><xsl:value-of select="i:name($frame/institution)"/></m:with>
            </m:t>
        </p>
        <p><m:t k="refused.{@rule}.next"/></p>
        <p class="hint"><m:t k="refused.nothing-done"/></p>
        <xsl:call-template name="ask-desk"/>
        <p class="actions"><a class="button main" href="{@back}"><m:t k="back"/></a></p>
    </xsl:template>

    <!-- The helpdesk with the number to quote. -->
    <xsl:template name="ask-desk">
        <div class="card ask">
            <xsl:call-template name="helpdesk"/>
            <xsl:if test="$frame/@request-id != ''">
                <p class="hint"><m:t k="error.id"><m:with name="id"><code><xsl:value-of select="$frame/@request-id"/></code></m:with></m:t></p>
            </xsl:if>
        </div>
    </xsl:template>
</xsl:stylesheet>
