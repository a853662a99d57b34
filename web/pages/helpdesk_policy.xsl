<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- Institutions: what they allow, and how operators change it. The words of a field are policy.NAME, of one of its words
         policy.NAME.WORD; a hint is policy.NAME.hint. -->

    <!-- The list -->
    <xsl:template match="desk-institutions" mode="title"><m:t k="policy.list.title"/></xsl:template>
    <xsl:template match="desk-institutions" mode="main">
        <xsl:call-template name="desk-nav"/>
        <h1><m:t k="policy.list.title"/></h1>
        <form method="get" action="/helpdesk/institutions" role="search" class="card desk-search">
            <div class="field">
                <label for="q"><m:t k="policy.list.search"/></label>
                <p class="hint" id="q-hint"><m:t k="policy.list.hint"/></p>
                <div class="field-row">
                    <input type="search" id="q" name="q" value="{@q}" maxlength="200" autocomplete="off" spellcheck="false" aria-describedby="q-hint"/>
                    <button type="submit" class="main"><m:t k="desk.search.do"/></button>
                </div>
            </div>
        </form>
        <xsl:choose>
            <xsl:when test="institution">
                <table class="requests desk-rows">
                    <thead>
                        <tr>
                            <th scope="col"><m:t k="desk.institution"/></th>
                            <th scope="col"><m:t k="policy.mail-domain"/></th>
                            <th scope="col" class="quantity"><m:t k="policy.idp"/></th>
                            <th scope="col" class="quantity"><m:t k="policy.list.people"/></th>
                            <th scope="col" class="quantity"><m:t k="policy.list.active"/></th>
                        </tr>
                    </thead>
                    <tbody>
                        <xsl:for-each select="institution">
                            <tr data-institution="{@id}">
                                <th scope="row"><a href="/helpdesk/institutions/{@id}"><xsl:value-of select="i:name(.)"/></a></th>
                                <td m:data-label="policy.mail-domain" class="break"><xsl:choose><xsl:when test="@domains"><xsl:value-of select="@domains"/></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></td>
                                <td m:data-label="policy.idp" class="quantity"><xsl:value-of select="@idps"/></td>
                                <td m:data-label="policy.list.people" class="quantity"><xsl:call-template name="policy-count"><xsl:with-param name="n" select="@people"/><xsl:with-param name="more" select="@people-more"/></xsl:call-template></td>
                                <td m:data-label="policy.list.active" class="quantity"><xsl:call-template name="policy-count"><xsl:with-param name="n" select="@active"/><xsl:with-param name="more" select="@active-more"/></xsl:call-template></td>
                            </tr>
                        </xsl:for-each>
                    </tbody>
                </table>
            </xsl:when>
            <xsl:otherwise><p class="nothing"><m:t k="policy.list.none"/></p></xsl:otherwise>
        </xsl:choose>
        <xsl:if test="@next"><p class="table-links"><a href="/helpdesk/institutions?q={i:query(@q)}&amp;after={i:query(@next)}"><m:t k="desk.next"/></a></p></xsl:if>
    </xsl:template>

    <xsl:template name="policy-count">
        <xsl:param name="n"/>
        <xsl:param name="more"/>
        <xsl:choose>
            <xsl:when test="$more"><m:t k="policy.more-than" n="format-number($n, '#,##0')"/></xsl:when>
            <xsl:otherwise><xsl:value-of select="format-number($n, '#,##0')"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <!-- One -->
    <xsl:template match="desk-institution" mode="title"><xsl:value-of select="i:name(policy)"/></xsl:template>
    <xsl:template match="desk-institution" mode="main">
        <xsl:variable name="page" select="."/>
        <xsl:call-template name="desk-nav"/>
        <xsl:if test="@edit"><xsl:call-template name="back"><xsl:with-param name="href">/helpdesk/institutions</xsl:with-param><xsl:with-param name="words"><m:t k="policy.list.title"/></xsl:with-param></xsl:call-template></xsl:if>
        <xsl:call-template name="notice"/>
        <h1><xsl:for-each select="policy"><xsl:call-template name="desk-name"/></xsl:for-each></h1>
        <xsl:if test="not(@edit)"><p class="lead"><m:t k="policy.read-only"/></p></xsl:if>
        <xsl:for-each select="group">
            <section class="card policy-group" aria-labelledby="group-{@group}">
                <div class="title-row">
                    <h2 id="group-{@group}"><xsl:value-of select="i:message('policy.group.', @group)"/></h2>
                    <xsl:if test="$page/@edit"><a href="/helpdesk/institutions/{$page/policy/@id}/{@group}"><m:t k="policy.edit"/><span class="unseen"><xsl:text> </xsl:text><xsl:value-of select="i:message('policy.group.', @group)"/></span></a></xsl:if>
                </div>
                <dl class="facts">
                    <xsl:for-each select="field">
                        <div><dt><xsl:value-of select="i:message('policy.', @field)"/></dt><dd id="{@field}"><xsl:call-template name="policy-values"/></dd></div>
                    </xsl:for-each>
                </dl>
            </section>
        </xsl:for-each>
        <xsl:for-each select="preview"><xsl:call-template name="policy-preview"/></xsl:for-each>
        <section aria-labelledby="past">
            <h2 id="past"><m:t k="policy.past"/></h2>
            <xsl:choose>
                <xsl:when test="past"><xsl:call-template name="policy-past"/></xsl:when>
                <xsl:otherwise><p class="hint"><m:t k="policy.past.none"/></p></xsl:otherwise>
            </xsl:choose>
        </section>
    </xsl:template>

    <!-- The values below, in words where they are words of ours. -->
    <xsl:template name="policy-values">
        <xsl:param name="name" select="@field"/>
        <xsl:param name="kind" select="@kind"/>
        <xsl:if test="not(value)"><span class="hint"><xsl:choose>
            <xsl:when test="i:has('policy.nothing.', $name)"><xsl:value-of select="i:message('policy.nothing.', $name)"/></xsl:when>
            <xsl:otherwise><m:t k="policy.nothing"/></xsl:otherwise>
        </xsl:choose></span></xsl:if>
        <xsl:for-each select="value"><span class="value"><xsl:call-template name="policy-value"><xsl:with-param name="name" select="$name"/><xsl:with-param name="kind" select="$kind"/></xsl:call-template></span></xsl:for-each>
    </xsl:template>

    <xsl:template name="policy-value">
        <xsl:param name="name"/>
        <xsl:param name="kind"/>
        <xsl:param name="value" select="."/>
        <xsl:choose>
            <xsl:when test="$kind = 'flag'"><xsl:value-of select="i:message('policy.', $value)"/></xsl:when>
            <xsl:when test="($kind = 'word' or $kind = 'words') and i:has('policy.', concat($name, '.', $value))"><xsl:value-of select="i:message('policy.', concat($name, '.', $value))"/></xsl:when>
            <xsl:when test="$kind = 'words'"><xsl:value-of select="i:message('type.', $value)"/></xsl:when>
            <xsl:when test="$kind = 'numbers'"><m:t k="months" months="$value"/></xsl:when>
            <xsl:when test="$kind = 'maybe'"><m:t k="policy.days" days="$value"/></xsl:when>
            <xsl:otherwise><xsl:value-of select="$value"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <!-- What a person of it sees, and what a certificate says. -->
    <xsl:template name="policy-preview">
        <section class="policy-preview" aria-labelledby="preview">
            <h2 id="preview"><m:t k="policy.preview"/></h2>
            <p class="hint"><m:t k="policy.preview.text"/></p>
            <xsl:if test="not(offer)"><p><strong><m:t k="policy.preview.nothing"/></strong></p></xsl:if>
            <ul class="policy-offers">
                <xsl:for-each select="offer">
                    <li class="card" data-type="{@type}">
                        <h3><xsl:value-of select="i:message('type.', @type)"/></h3>
                        <ul>
                            <xsl:for-each select="months">
                                <li>
                                    <m:t k="months" months="@months"/>
                                    <xsl:if test="position() = 1 and @profile"><xsl:text> </xsl:text><small class="hint"><m:t k="policy.preview.first"/></small></xsl:if>
                                    <xsl:if test="not(@profile)"><xsl:text> </xsl:text><small class="hint"><m:t k="policy.preview.no-profile"/></small></xsl:if>
                                </li>
                            </xsl:for-each>
                        </ul>
                    </li>
                </xsl:for-each>
            </ul>
            <dl class="facts card">
                <xsl:if test="@subject-before"><div><dt><m:t k="policy.preview.subject-before"/></dt><dd class="mono"><del><xsl:value-of select="@subject-before"/></del></dd></div></xsl:if>
                <div><dt><m:t k="policy.preview.subject"/></dt><dd class="mono" id="example-subject"><xsl:value-of select="@subject"/></dd></div>
                <div>
                    <dt><m:t k="policy.preview.refused"/></dt>
                    <dd id="refused-domains">
                        <xsl:if test="not(refused)"><m:t k="policy.preview.refused.none"/></xsl:if>
                        <xsl:for-each select="refused"><span class="value">@<xsl:value-of select="@domain"/><xsl:text> </xsl:text><span class="hint"><m:t k="policy.preview.people" people="format-number(@people, '#,##0')"/></span></span></xsl:for-each>
                    </dd>
                </div>
            </dl>
        </section>
    </xsl:template>

    <!-- Changes of before, the newest first. -->
    <xsl:template name="policy-past">
        <ol class="history changes">
            <xsl:for-each select="past">
                <li>
                    <xsl:call-template name="moment"><xsl:with-param name="at" select="@at"/></xsl:call-template>
                    <span>
                        <strong><xsl:value-of select="i:message('policy.', @field)"/></strong>
                        <xsl:call-template name="policy-was-is"/>
                        <span class="sub"><xsl:choose>
                            <xsl:when test="who"><xsl:value-of select="i:name(who)"/></xsl:when>
                            <xsl:otherwise><m:t k="policy.by-command"/></xsl:otherwise>
                        </xsl:choose></span>
                    </span>
                </li>
            </xsl:for-each>
        </ol>
    </xsl:template>

    <xsl:template name="policy-was-is">
        <xsl:variable name="name" select="@field"/>
        <xsl:variable name="kind" select="@kind"/>
        <span class="was-is policy-diff">
            <del><span class="unseen"><m:t k="policy.was"/><xsl:text> </xsl:text></span><xsl:for-each select="was"><xsl:call-template name="policy-values"><xsl:with-param name="name" select="$name"/><xsl:with-param name="kind" select="$kind"/></xsl:call-template></xsl:for-each></del>
            <span aria-hidden="true">→</span>
            <ins><span class="unseen"><m:t k="policy.is"/><xsl:text> </xsl:text></span><xsl:for-each select="is"><xsl:call-template name="policy-values"><xsl:with-param name="name" select="$name"/><xsl:with-param name="kind" select="$kind"/></xsl:call-template></xsl:for-each></ins>
        </span>
    </xsl:template>

    <!-- The form of a group -->
    <xsl:template match="desk-policy" mode="title"><xsl:value-of select="i:message('policy.group.', group/@group)"/> – <xsl:value-of select="i:name(policy)"/></xsl:template>
    <xsl:template match="desk-policy" mode="main">
        <xsl:call-template name="policy-back"/>
        <xsl:if test="@changed">
            <div class="problem" role="alert" tabindex="-1">
                <h2><m:t k="policy.changed"/></h2>
                <p><m:t k="policy.changed.text"/></p>
                <xsl:call-template name="policy-past"/>
            </div>
        </xsl:if>
        <xsl:if test="@same"><div class="problem" role="alert" tabindex="-1"><h2><m:t k="policy.same"/></h2><p><m:t k="policy.same.text"/></p></div></xsl:if>
        <xsl:if test="problem">
            <div class="problem" role="alert" tabindex="-1">
                <h2><m:t k="problem.title"/></h2>
                <ul><xsl:for-each select="problem"><li><a href="#{@field}"><xsl:apply-templates select="." mode="words"/></a></li></xsl:for-each></ul>
            </div>
        </xsl:if>
        <h1><xsl:value-of select="i:message('policy.group.', group/@group)"/></h1>
        <p class="lead"><xsl:value-of select="i:name(policy)"/></p>
        <form method="post" action="/helpdesk/institutions/{policy/@id}/{group/@group}">
            <xsl:call-template name="csrf"/>
            <xsl:call-template name="form-key"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <input type="hidden" name="version" value="{@version}"/>
            <xsl:for-each select="group/field"><xsl:call-template name="policy-field"/></xsl:for-each>
            <p class="actions">
                <button type="submit" class="main"><m:t k="policy.check"/></button>
                <a class="button plain" href="/helpdesk/institutions/{policy/@id}"><m:t k="cancel"/></a>
            </p>
            <p class="hint"><m:t k="policy.check.hint"/></p>
        </form>
    </xsl:template>

    <xsl:template name="policy-back">
        <xsl:call-template name="back"><xsl:with-param name="href" select="concat('/helpdesk/institutions/', policy/@id)"/><xsl:with-param name="words"><xsl:value-of select="i:name(policy)"/></xsl:with-param></xsl:call-template>
    </xsl:template>

    <xsl:template name="policy-hint">
        <xsl:if test="i:has('policy.', concat(@field, '.hint'))"><p class="hint" id="{@field}-hint"><xsl:value-of select="i:message('policy.', concat(@field, '.hint'))"/></p></xsl:if>
    </xsl:template>

    <xsl:template name="policy-field">
        <xsl:variable name="name" select="@field"/>
        <xsl:variable name="problem" select="ancestor::desk-policy/problem[@field = $name]"/>
        <xsl:choose>
            <xsl:when test="@kind = 'flag' or @kind = 'words'">
                <fieldset id="{@field}">
                    <xsl:attribute name="aria-describedby"><xsl:if test="i:has('policy.', concat(@field, '.hint'))"><xsl:value-of select="@field"/>-hint</xsl:if><xsl:if test="$problem"><xsl:text> </xsl:text><xsl:value-of select="@field"/>-problem</xsl:if></xsl:attribute>
                    <xsl:if test="$problem"><xsl:attribute name="class">wrong</xsl:attribute></xsl:if>
                    <legend><xsl:value-of select="i:message('policy.', @field)"/></legend>
                    <xsl:call-template name="policy-hint"/>
                    <xsl:apply-templates select="$problem" mode="beside"/>
                    <xsl:choose>
                        <xsl:when test="@kind = 'flag'">
                            <xsl:call-template name="policy-radio"><xsl:with-param name="word">yes</xsl:with-param></xsl:call-template>
                            <xsl:call-template name="policy-radio"><xsl:with-param name="word">no</xsl:with-param></xsl:call-template>
                        </xsl:when>
                        <xsl:otherwise>
                            <input type="hidden" name="{@field}" value=""/>
                            <xsl:for-each select="word">
                                <xsl:variable name="word" select="."/>
                                <label class="choice">
                                    <input type="checkbox" name="{$name}.{.}" value="yes"><xsl:if test="../value[. = $word]"><xsl:attribute name="checked">checked</xsl:attribute></xsl:if></input>
                                    <span><xsl:call-template name="policy-value"><xsl:with-param name="name" select="$name"/><xsl:with-param name="kind">words</xsl:with-param></xsl:call-template></span>
                                </label>
                            </xsl:for-each>
                        </xsl:otherwise>
                    </xsl:choose>
                </fieldset>
            </xsl:when>
            <xsl:otherwise>
                <div class="field">
                    <xsl:if test="$problem"><xsl:attribute name="class">field wrong</xsl:attribute></xsl:if>
                    <label for="{@field}"><xsl:value-of select="i:message('policy.', @field)"/></label>
                    <xsl:call-template name="policy-hint"/>
                    <xsl:apply-templates select="$problem" mode="beside"/>
                    <xsl:choose>
                        <xsl:when test="@kind = 'word'">
                            <select id="{@field}" name="{@field}">
                                <xsl:for-each select="word">
                                    <xsl:variable name="word" select="."/>
                                    <option value="{.}"><xsl:if test="../value[. = $word]"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><xsl:call-template name="policy-value"><xsl:with-param name="name" select="$name"/><xsl:with-param name="kind">word</xsl:with-param></xsl:call-template></option>
                                </xsl:for-each>
                            </select>
                        </xsl:when>
                        <xsl:when test="@kind = 'domains' or @kind = 'names' or @kind = 'idps'">
                            <textarea id="{@field}" name="{@field}" spellcheck="false">
                                <xsl:attribute name="rows"><xsl:choose><xsl:when test="count(value) &gt; 3"><xsl:value-of select="count(value) + 2"/></xsl:when><xsl:otherwise>4</xsl:otherwise></xsl:choose></xsl:attribute>
                                <xsl:if test="i:has('policy.', concat(@field, '.hint')) or $problem"><xsl:attribute name="aria-describedby"><xsl:if test="i:has('policy.', concat(@field, '.hint'))"><xsl:value-of select="@field"/>-hint</xsl:if><xsl:if test="$problem"><xsl:text> </xsl:text><xsl:value-of select="@field"/>-problem</xsl:if></xsl:attribute></xsl:if>
                                <xsl:if test="$problem"><xsl:attribute name="aria-invalid">true</xsl:attribute></xsl:if>
                                <xsl:text>&#10;</xsl:text><xsl:for-each select="value"><xsl:value-of select="."/><xsl:text>&#10;</xsl:text></xsl:for-each>
                            </textarea>
                        </xsl:when>
                        <xsl:otherwise>
                            <input type="text" id="{@field}" name="{@field}" autocomplete="off" spellcheck="false">
                                <xsl:attribute name="value"><xsl:for-each select="value"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="."/></xsl:for-each></xsl:attribute>
                                <xsl:if test="@kind = 'number' or @kind = 'maybe'"><xsl:attribute name="inputmode">numeric</xsl:attribute><xsl:attribute name="class">policy-number</xsl:attribute></xsl:if>
                                <xsl:if test="i:has('policy.', concat(@field, '.hint')) or $problem"><xsl:attribute name="aria-describedby"><xsl:if test="i:has('policy.', concat(@field, '.hint'))"><xsl:value-of select="@field"/>-hint</xsl:if><xsl:if test="$problem"><xsl:text> </xsl:text><xsl:value-of select="@field"/>-problem</xsl:if></xsl:attribute></xsl:if>
                                <xsl:if test="$problem"><xsl:attribute name="aria-invalid">true</xsl:attribute></xsl:if>
                            </input>
                        </xsl:otherwise>
                    </xsl:choose>
                </div>
            </xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <xsl:template name="policy-radio">
        <xsl:param name="word"/>
        <label class="choice">
            <input type="radio" name="{@field}" value="{$word}"><xsl:if test="value[. = $word]"><xsl:attribute name="checked">checked</xsl:attribute></xsl:if></input>
            <span><xsl:value-of select="i:message('policy.', $word)"/></span>
        </label>
    </xsl:template>

    <xsl:template match="problem[@rule='bounds']" mode="words">
        <xsl:value-of select="i:message('policy.', @field)"/><xsl:text>: </xsl:text>
        <m:t k="policy.bounds.{@kind}" least="@least" most="format-number(@most, '#,##0')"/>
    </xsl:template>
    <xsl:template match="problem[@field='idp' and @rule='taken']" mode="words"><m:t k="policy.idp.taken"/></xsl:template>

    <!-- Once more: what changes, what it does, what people see then. -->
    <xsl:template match="desk-policy-confirm" mode="title"><m:t k="policy.confirm"/></xsl:template>
    <xsl:template match="desk-policy-confirm" mode="main">
        <xsl:call-template name="back"><xsl:with-param name="href" select="concat('/helpdesk/institutions/', policy/@id, '/', group/@group)"/><xsl:with-param name="words"><xsl:value-of select="i:message('policy.group.', group/@group)"/></xsl:with-param></xsl:call-template>
        <h1><m:t k="policy.confirm"/></h1>
        <p class="lead"><xsl:value-of select="i:name(policy)"/></p>
        <dl class="facts card">
            <xsl:for-each select="change">
                <div data-field="{@field}"><dt><xsl:value-of select="i:message('policy.', @field)"/></dt><dd><xsl:call-template name="policy-was-is"/></dd></div>
            </xsl:for-each>
        </dl>
        <xsl:if test="effect">
            <div class="warning">
                <xsl:call-template name="icon-warn"/>
                <div>
                    <p><strong><m:t k="policy.effect"/></strong></p>
                    <ul>
                        <xsl:for-each select="effect">
                            <li data-effect="{@what}"><m:t k="policy.effect.{@what}" before="format-number(@before, '#,##0')" after="format-number(@after, '#,##0')"/><xsl:if test="@more"><xsl:text> </xsl:text><m:t k="policy.effects.more" of="format-number(@of, '#,##0')"/></xsl:if></li>
                        </xsl:for-each>
                    </ul>
                </div>
            </div>
        </xsl:if>
        <ul>
            <li><m:t k="policy.future"/></li>
            <li><m:t k="policy.recorded"/></li>
        </ul>
        <form method="post" action="/helpdesk/institutions/{policy/@id}/{group/@group}">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <input type="hidden" name="version" value="{@version}"/>
            <xsl:for-each select="change"><input type="hidden" name="{@field}" value="{@text}"/></xsl:for-each>
            <p class="actions">
                <button type="submit" class="main"><m:t k="policy.do"/></button>
                <a class="button plain" href="/helpdesk/institutions/{policy/@id}/{group/@group}"><m:t k="cancel"/></a>
            </p>
        </form>
        <xsl:for-each select="preview"><xsl:call-template name="policy-preview"/></xsl:for-each>
    </xsl:template>
</xsl:stylesheet>
